/**
 * A header put in front of libsrtp 2 so that the worker's sources, written for libsrtp 3, compile against it.
 * What differs: version 3 takes separate input and output buffers with `size_t` lengths (the output length is its
 * capacity on entry), calls stream removal differently, and has two more error codes.
 * Sources: srtp2/srtp.h of libsrtp 2.5, and the calls in mediasoup's worker/src/RTC/SrtpSession.cpp and DepLibSRTP.cpp.
 */
export const srtpShimHeader = `#pragma once
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <srtp2/srtp.h>

constexpr srtp_err_status_t srtp_err_status_buffer_small = static_cast<srtp_err_status_t>(28);
constexpr srtp_err_status_t srtp_err_status_cryptex_err  = static_cast<srtp_err_status_t>(29);

namespace nadi_srtp
{
	using InPlace = srtp_err_status_t (*)(srtp_t, void*, int*);

	// Runs one of libsrtp 2's in-place functions as libsrtp 3's from-to functions run. |room| is how many bytes the
	// function may add.
	inline srtp_err_status_t Transform(
	  InPlace function, srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen, size_t room)
	{
		if (inLen > static_cast<size_t>(INT_MAX) - room || *outLen < inLen + room)
		{
			return srtp_err_status_buffer_small;
		}

		if (out != in)
		{
			std::memmove(out, in, inLen);
		}

		int length       = static_cast<int>(inLen);
		const auto error = function(session, out, &length);

		*outLen = static_cast<size_t>(length);

		return error;
	}
} // namespace nadi_srtp

inline srtp_err_status_t srtp_protect(
  srtp_t session, const uint8_t* rtp, size_t rtpLen, uint8_t* srtp, size_t* srtpLen, size_t /*mkiIndex*/)
{
	return nadi_srtp::Transform(
	  static_cast<nadi_srtp::InPlace>(::srtp_protect), session, rtp, rtpLen, srtp, srtpLen, SRTP_MAX_TRAILER_LEN);
}

inline srtp_err_status_t srtp_unprotect(
  srtp_t session, const uint8_t* srtp, size_t srtpLen, uint8_t* rtp, size_t* rtpLen)
{
	return nadi_srtp::Transform(
	  static_cast<nadi_srtp::InPlace>(::srtp_unprotect), session, srtp, srtpLen, rtp, rtpLen, 0);
}

// SRTCP adds an index of 4 bytes to the trailer.
inline srtp_err_status_t srtp_protect_rtcp(
  srtp_t session, const uint8_t* rtcp, size_t rtcpLen, uint8_t* srtcp, size_t* srtcpLen, size_t /*mkiIndex*/)
{
	return nadi_srtp::Transform(
	  static_cast<nadi_srtp::InPlace>(::srtp_protect_rtcp),
	  session,
	  rtcp,
	  rtcpLen,
	  srtcp,
	  srtcpLen,
	  SRTP_MAX_TRAILER_LEN + 4);
}

inline srtp_err_status_t srtp_unprotect_rtcp(
  srtp_t session, const uint8_t* srtcp, size_t srtcpLen, uint8_t* rtcp, size_t* rtcpLen)
{
	return nadi_srtp::Transform(
	  static_cast<nadi_srtp::InPlace>(::srtp_unprotect_rtcp), session, srtcp, srtcpLen, rtcp, rtcpLen, 0);
}

// The caller passes the SSRC in network order already, which is what libsrtp 2 wants.
inline srtp_err_status_t srtp_stream_remove(srtp_t session, uint32_t ssrc)
{
	return srtp_remove_stream(session, ssrc);
}
`;

/**
 * Debian's OpenSSL has kernel TLS on and asks the BIO about it during the handshake. The worker's callback answers 1 to
 * whatever is not exactly BIO_CB_RETURN, so OpenSSL believes that the kernel encrypts, allocates no write buffer, and
 * the worker dies. Passing the real result through for every "return" operation is what BIO_callback_fn_ex(3) asks for.
 *
 * @param source text of worker/src/RTC/DtlsTransport.cpp
 * @returns the corrected text (unchanged when it already tests the flag)
 * @throws Error when neither form is found, so that a new mediasoup is looked at by a person
 */
export function fixDtlsCallback(source: string): string {
  const wrong = '(operationType == BIO_CB_RETURN)';
  const right = '(operationType & BIO_CB_RETURN)';
  if (source.includes(right)) return source;
  if (source.split(wrong).length !== 2) throw new Error('DtlsTransport.cpp has no known form of onSslBioOut');
  return source.replace(wrong, right);
}
