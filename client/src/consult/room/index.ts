export { ConsultRoom } from './ConsultRoom.ts';
export { SignalLost, SignalRefused } from './SignalLink.ts';
export type {
  InboundStats,
  JoinOptions,
  LocalSource,
  MediaProblem,
  OutboundStats,
  Quality,
  RemotePeer,
  RemoteTrack,
  RoomEvents,
  RoomState,
  RoomStats,
  RoomTicket,
} from './roomTypes.ts';
