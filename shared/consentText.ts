/**
 * What people agree to, word for word, by version and language. A version is never changed once it was shown: whoever
 * consented did so to these words, and the stored consent names them. New words get a new version, last.
 */
export const recordingConsent = [
  {
    version: '2026-11',
    text: {
      en: {
        title: 'Record the sound of this consultation?',
        points: [
          'Only the sound is recorded, not the picture.',
          'It becomes part of the medical record. Only the doctor of this consultation can listen to it.',
          'It is kept encrypted for as long as the clinic must keep records, then deleted.',
          'You may say no: the consultation goes on as before.',
          'You may stop the recording at any time, for everybody, with one touch.',
        ],
      },
      hi: {
        title: 'क्या इस परामर्श की आवाज़ रिकॉर्ड करें?',
        points: [
          'केवल आवाज़ रिकॉर्ड होती है, तस्वीर नहीं।',
          'यह आपके इलाज के रिकॉर्ड का हिस्सा बनती है। इसे केवल इस परामर्श के डॉक्टर सुन सकते हैं।',
          'क्लिनिक को जितने समय रिकॉर्ड रखना ज़रूरी है, उतने समय यह सुरक्षित रखी जाती है, फिर मिटा दी जाती है।',
          'आप मना कर सकते हैं: परामर्श पहले की तरह चलता रहेगा।',
          'आप कभी भी एक बटन से सबके लिए रिकॉर्डिंग रोक सकते हैं।',
        ],
      },
    },
  },
] as const;

export type ConsentLanguage = keyof (typeof recordingConsent)[number]['text'];
/** The version that is asked for now. */
export const currentRecordingConsent = recordingConsent[recordingConsent.length - 1] ?? recordingConsent[0];
