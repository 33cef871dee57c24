export { type FakeReply, lastUserText } from './protocol.ts';
export { type FakeModel, type FakeModelOptions, startFakeModel } from './server.ts';
