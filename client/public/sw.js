// Shows push messages and leads from them to the page. Nothing else: it caches nothing and stands in no request's way.
// A message holds no personal data (server/notify/Sender.ts), so what is said here is general.
const words = {
  en: {
    'queue.called': ['Your turn', 'Open Nadi now: the doctor is calling.'],
    'queue.next': ['You are next', 'Please be ready.'],
    'queue.transferred': ['You were moved to another queue', 'Open Nadi to see your new token.'],
    'queue.noShow': ['We called and did not find you', 'Open Nadi to see what you can do.'],
    'queue.deskPaused': ['A short break', 'The doctor is away for a moment. You keep your place.'],
    'queue.deskClosed': ['The desk has closed', 'Please speak to the reception.'],
    'chat.message': ['New message', 'Open Nadi to read it.'],
    'staff.alert': ['Somebody needs help', 'Open the desk to see the alert.'],
    'doctor.submitted': ['A doctor waits to be verified', 'Open Nadi to look at it.'],
    'doctor.decided': ['Your registration', 'Open Nadi to see what was decided.'],
    'account.changed': ['Your account', 'Something about it has changed. Open Nadi to see it.'],
    announcement: ['News from your clinic', 'Open Nadi to read it.'],
    'system.disk': ['The disk is nearly full', 'Please free some space on the server, or enlarge it.'],
    'system.certificate': ['The certificate needs attention', 'It ends soon or is not right: please have it renewed.'],
    'system.backup': ['The last backup is too old', 'Please look why, and make one now.'],
    other: ['Nadi', 'There is something new for you.'],
  },
  hi: {
    'queue.called': ['आपकी बारी आ गई', 'अभी Nadi खोलें: डॉक्टर बुला रहे हैं।'],
    'queue.next': ['अगली बारी आपकी', 'कृपया तैयार रहें।'],
    'queue.transferred': ['आपको दूसरी कतार में भेजा गया', 'नया टोकन देखने के लिए Nadi खोलें।'],
    'queue.noShow': ['हमने बुलाया, आप नहीं मिले', 'आगे क्या करें, यह Nadi में देखें।'],
    'queue.deskPaused': ['थोड़ी देर का विराम', 'डॉक्टर थोड़ी देर में लौटेंगे। आपका नंबर बना रहेगा।'],
    'queue.deskClosed': ['अभी और किसी को नहीं देखेंगे', 'कृपया रिसेप्शन से बात करें।'],
    'chat.message': ['नया संदेश', 'पढ़ने के लिए Nadi खोलें।'],
    'staff.alert': ['किसी को मदद चाहिए', 'सूचना देखने के लिए डेस्क खोलें।'],
    'doctor.submitted': ['डॉक्टर की जाँच बाकी है', 'देखने के लिए Nadi खोलें।'],
    'doctor.decided': ['आपका पंजीकरण', 'क्या तय हुआ, यह Nadi में देखें।'],
    'account.changed': ['आपका खाता', 'इसमें कुछ बदला है। देखने के लिए Nadi खोलें।'],
    announcement: ['आपके क्लिनिक की सूचना', 'पढ़ने के लिए Nadi खोलें।'],
    'system.disk': ['डिस्क लगभग भर गई है', 'कृपया सर्वर पर जगह खाली करें या डिस्क बढ़ाएँ।'],
    'system.certificate': ['सर्टिफ़िकेट पर ध्यान दें', 'वह जल्द ख़त्म होगा या ठीक नहीं है: कृपया नया करवाएँ।'],
    'system.backup': ['पिछला बैकअप पुराना हो गया है', 'कृपया कारण देखें और अभी एक बनाएँ।'],
    other: ['Nadi', 'आपके लिए कुछ नया है।'],
  },
};

self.addEventListener('install', () => {
  void self.skipWaiting();
});
self.addEventListener('activate', (event) => {
  event.waitUntil(self.clients.claim());
});

const read = (event) => {
  try {
    return event.data ? event.data.json() : {};
  } catch {
    return {};
  }
};

// Only a path of ours: whatever a message says, it leads nowhere else.
const pathOf = (value) => {
  return typeof value === 'string' && /^\/(?![/\\])[\w\-/]*$/.test(value) ? value : '/';
};

self.addEventListener('push', (event) => {
  const message = read(event);
  const lang = Object.hasOwn(words, message.lang) ? message.lang : 'en';
  const kind = Object.hasOwn(words[lang], message.kind) ? message.kind : 'other';
  const text = words[lang][kind];
  event.waitUntil(
    self.registration.showNotification(text[0], {
      body: text[1],
      lang: lang,
      tag: typeof message.tag === 'string' ? message.tag : kind,
      renotify: true,
      requireInteraction: kind === 'queue.called',
      icon: '/icon-192.png',
      badge: '/icon-192.png',
      data: { path: pathOf(message.path), id: message.id },
    }),
  );
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const path = pathOf(event.notification.data && event.notification.data.path);
  event.waitUntil(
    self.clients.matchAll({ type: 'window', includeUncontrolled: true }).then((open) => {
      // A page that is open comes to the front and goes there by itself, so that a call in it is not cut.
      const page = open[0];
      if (!page) return self.clients.openWindow(path);
      page.postMessage({ type: 'notification-opened', path: path, id: event.notification.data.id });
      return page.focus();
    }),
  );
});

// The browser changed its address: take the new one; the page tells the server when it is next open.
self.addEventListener('pushsubscriptionchange', (event) => {
  const old = event.oldSubscription;
  if (!old) return;
  event.waitUntil(self.registration.pushManager.subscribe(old.options));
});
