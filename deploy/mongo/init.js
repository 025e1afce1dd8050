// Makes one replica set of the three members, and the hubs' user, who owns the clinic's database and nothing else. Run by mongosh;
// may be run again.
/* global Mongo, sleep, print */
const root = `mongodb://root:${encodeURIComponent(process.env.MONGO_ROOT_PASSWORD)}@`;
const members = [1, 2, 3].map((number) => ({
  _id: number,
  host: `mongo-${number}:27017`,
  priority: number === 1 ? 2 : 1,
}));

function begin() {
  const admin = new Mongo(`${root}mongo-1:27017/admin?directConnection=true`).getDB('admin');
  try {
    admin.adminCommand({ replSetGetStatus: 1 });
  } catch (error) {
    if (error.codeName !== 'NotYetInitialized') throw error;
    admin.adminCommand({ replSetInitiate: { _id: 'rs0', members } });
  }
  const hosts = members.map(({ host }) => host).join();
  const clinic = new Mongo(`${root}${hosts}/admin?replicaSet=rs0`).getDB('nadi');
  if (clinic.getUser('nadi') !== null) return;
  const user = { user: 'nadi', pwd: process.env.MONGO_PASSWORD, roles: [{ role: 'dbOwner', db: 'nadi' }] };
  clinic.createUser(user, { w: 'majority', wtimeout: 60_000 });
}

// A member answers a first time before it listens to the others.
for (let left = 60; ; left -= 1) {
  try {
    begin();
    break;
  } catch (error) {
    if (left === 0) throw error;
    sleep(1_000);
  }
}
print('The replica set is ready.');
