/** How the page stands to the hub. `connecting` is the first time only; after that a lost connection is `reconnecting` or `offline`. */
export type ConnectionState = 'connecting' | 'live' | 'reconnecting' | 'offline';
