import type { Language } from '../../../shared/contract/notify.ts';
import type { AccountChange } from '../../../shared/state/notices.ts';

/** What is said of a change to an account: short enough for an SMS, and what it means for its owner. */
type Words = Readonly<Record<AccountChange, { readonly title: string; readonly body: string }>>;

const en: Words = {
  password: { title: 'Your password was changed', body: 'Every other sign-in of yours has ended.' },
  phone: { title: 'A mobile number was added to your account', body: 'From now on a code sent there opens it.' },
  phoneRemoved: {
    title: 'The mobile number of your account was removed',
    body: 'No code sent there opens it any more.',
  },
  factorOn: { title: 'The second step is on', body: 'Signing in now also asks for a code of your app.' },
  factorOff: { title: 'The second step is off', body: 'From now on your password alone opens your account.' },
  recoveryCodes: { title: 'New recovery codes were made', body: 'The ones before stopped working.' },
  factorRemoved: {
    title: 'The clinic removed your second step',
    body: 'Every sign-in of yours has ended. Turn the second step on again at your next sign-in.',
  },
  signedOut: { title: 'The clinic ended your sign-ins', body: 'Please sign in again where you need to.' },
  newDevice: {
    title: 'New sign-in to your account',
    body: 'Somebody signed in on a browser that had not been used for your account before.',
  },
};

const hi: Words = {
  password: { title: 'आपका पासवर्ड बदला गया', body: 'बाकी सब जगह से आप साइन आउट हो गए हैं।' },
  phone: { title: 'आपके खाते में मोबाइल नंबर जोड़ा गया', body: 'अब उस पर भेजे कोड से यह खाता खुलेगा।' },
  phoneRemoved: { title: 'आपके खाते से मोबाइल नंबर हटाया गया', body: 'अब उस पर भेजे कोड से यह खाता नहीं खुलेगा।' },
  factorOn: { title: 'दूसरा चरण चालू हुआ', body: 'अब साइन इन करते समय ऐप का कोड भी माँगा जाएगा।' },
  factorOff: { title: 'दूसरा चरण बंद हुआ', body: 'अब सिर्फ़ पासवर्ड से आपका खाता खुल जाएगा।' },
  recoveryCodes: { title: 'नए रिकवरी कोड बने', body: 'पुराने कोड अब काम नहीं करेंगे।' },
  factorRemoved: {
    title: 'क्लिनिक ने आपका दूसरा चरण हटाया',
    body: 'आप सब जगह से साइन आउट हो गए हैं। अगली बार साइन इन करके दूसरा चरण फिर से चालू करें।',
  },
  signedOut: { title: 'क्लिनिक ने आपको साइन आउट किया', body: 'जहाँ ज़रूरत हो, कृपया फिर से साइन इन करें।' },
  newDevice: {
    title: 'आपके खाते में नई जगह से साइन इन',
    body: 'किसी ने ऐसे ब्राउज़र से साइन इन किया जो पहले आपके खाते में इस्तेमाल नहीं हुआ था।',
  },
};

const words: Readonly<Record<Language, Words>> = { en, hi };

export function accountChangeWords(language: Language, change: AccountChange): { title: string; body: string } {
  return words[language][change];
}
