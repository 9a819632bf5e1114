// As much of Node's own types as the package's name, so that checking them needs the compiler only.
interface Buffer extends Uint8Array {}
declare module "node:events" {
  export class EventEmitter {
    on(event: string | symbol, listener: (...given: any[]) => void): this;
    once(event: string | symbol, listener: (...given: any[]) => void): this;
    off(event: string | symbol, listener: (...given: any[]) => void): this;
  }
  export function once(emitter: EventEmitter, event: string | symbol): Promise<any[]>;
}
declare module "node:net" {
  export class Socket {}
}
