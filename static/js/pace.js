// How fast files go and how long they still take: over the last seconds, each file costing as much as some bytes more.
import { fill, megabytes } from "./lib.js";

const SECONDS = 8;
const A_FILE = 60_000;

export class Pace {
  expected = 0;
  done = 0;
  recent = []; // [milliseconds, bytes, weight]

  expect(bytes, files = 1) {
    this.expected += bytes + A_FILE * files;
  }

  forget(bytes, sent) {
    this.expected -= bytes + A_FILE;
    this.done -= sent;
  }

  add(bytes, files = 0) {
    const now = Date.now();
    const weight = bytes + A_FILE * files;
    this.done += weight;
    this.recent.push([now, bytes, weight]);
    while (this.recent[0][0] < now - 1000 * SECONDS) this.recent.shift();
  }

  // Of a file that is not sent after all.
  skip(bytes) {
    this.done += bytes + A_FILE;
  }

  get share() {
    return this.expected ? Math.min(1, this.done / this.expected) : 0;
  }

  sentence(words) {
    const from = this.recent[0]?.[0] ?? 0;
    const seconds = (Date.now() - from) / 1000;
    if (this.recent.length < 2 || seconds < 1 || seconds > 2 * SECONDS) return "";
    const [bytes, weight] = [1, 2].map((index) => this.recent.reduce((sum, each) => sum + each[index], 0) / seconds);
    if (weight <= 0) return "";
    const left = (this.expected - this.done) / weight;
    const time = left < 60 ? fill(words.seconds, { count: Math.max(1, Math.round(left)) }) : fill(words.minutes, { count: Math.round(left / 60) });
    return fill(words.pace, { speed: megabytes(bytes), time });
  }
}
