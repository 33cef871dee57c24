export type { Fault } from './faults.ts';
export { type FakeReply, type FakeRequest, type Script, lastUserText } from './protocol.ts';
export { type FakeModel, type FakeModelOptions, startFakeModel } from './server.ts';
