import type { Access } from '../store/Access.ts';

export type ConsultationAccess = Awaited<ReturnType<Access['consultation']>>;

/** The seat of somebody in a consult room: the same person gets the same one, whichever page or device asks. */
export function peerOf({ side, doctor, patient }: ConsultationAccess): string {
  return side === 'doctor' ? `doctor-${doctor._id}` : `patient-${patient._id}`;
}

/** Which side of the table a seat is on. */
export function sideOf(peer: string): 'doctor' | 'patient' | 'guest' {
  return peer.startsWith('doctor-') ? 'doctor' : peer.startsWith('patient-') ? 'patient' : 'guest';
}
