import { parentPort, workerData } from 'node:worker_threads';
import type { Question } from '../protocol.ts';
import { readFile } from './read.ts';

/** The thread that reads one file and ends. Whoever started it ends it when it takes too much time or memory. */
const port = parentPort;
if (port === null) throw new Error('Files are read in a worker thread.');
const question: Question = workerData;
const answer = await readFile(question);
port.postMessage(answer, answer.outcome === 'audio' ? [answer.bytes.buffer] : []);
