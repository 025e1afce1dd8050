import access from './access.json';
import accounts from './accounts.json';
import admin from './admin.json';
import backup from './backup.json';
import audit from './audit.json';
import board from './board.json';
import chat from './chat.json';
import checkin from './checkin.json';
import common from './common.json';
import consult from './consult.json';
import desk from './desk.json';
import doctor from './doctor.json';
import errors from './errors.json';
import gallery from './gallery.json';
import notifications from './notifications.json';
import recording from './recording.json';
import queue from './queue.json';
import staff from './staff.json';
import states from './states.json';
import time from './time.json';
import ui from './ui.json';
import waitingRoom from './waitingRoom.json';

/** The English files, one per feature; a new feature adds its line here and its file in every language's folder. */
export default {
  access,
  accounts,
  admin,
  backup,
  audit,
  board,
  chat,
  checkin,
  common,
  consult,
  desk,
  doctor,
  errors,
  gallery,
  notifications,
  queue,
  recording,
  staff,
  states,
  time,
  ui,
  waitingRoom,
};
