import accounts from './accounts.json';
import chat from './chat.json';
import common from './common.json';
import consult from './consult.json';
import desk from './desk.json';
import errors from './errors.json';
import gallery from './gallery.json';
import queue from './queue.json';
import staff from './staff.json';
import states from './states.json';
import time from './time.json';
import ui from './ui.json';

/** The English files, one per feature; a new feature adds its line here and its file in every language's folder. */
export default { accounts, chat, common, consult, desk, errors, gallery, queue, staff, states, time, ui };
