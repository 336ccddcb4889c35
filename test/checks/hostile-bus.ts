/** A socket that behaves as a bus at first, and then as the test wants. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { decodeMessage, messageLength, type Message } from "../../checks/dbus-message.ts";
import { encodeText, padTo } from "../../checks/dbus-values.ts";
import { temporaryFolder } from "./temporary.ts";

export const SYSTEMD_NAME = ":1.7";

export interface HostileBus {
  readonly address: string;
  readonly sockets: readonly Socket[];
  /** Members of the calls that came. */
  readonly calls: string[];
}

export interface HostileOptions {
  /** What it says to AUTH; by default that all is well. */
  readonly greeting?: string;
  /** The bytes of an answer; undefined: none. By default `answer`. */
  readonly answer?: (call: Message, serial: number, socket: Socket) => Buffer | undefined;
}

export async function startHostileBus(
  context: TestContext,
  { greeting = "OK 0123\r\n", answer: respond = answer }: HostileOptions = {},
): Promise<HostileBus> {
  const path = join(temporaryFolder(context), "bus");
  const sockets: Socket[] = [];
  const calls: string[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    let unread: Buffer = Buffer.alloc(0);
    let isGreeted = false;
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => {
      unread = Buffer.concat([unread, bytes]);
      if (!isGreeted) {
        const end = unread.indexOf("BEGIN\r\n");
        if (end < 0) {
          if (unread.includes("\r\n")) socket.write(greeting);
          return;
        }
        unread = unread.subarray(end + "BEGIN\r\n".length);
        isGreeted = true;
      }
      for (;;) {
        const length = messageLength(unread);
        if (length === undefined || unread.length < length) return;
        const call = decodeMessage(unread.subarray(0, length));
        const said = respond(call, unread.readUInt32LE(8), socket);
        unread = unread.subarray(length);
        calls.push(call.member);
        if (said !== undefined) socket.write(said);
      }
    });
  }).listen(path);
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, "listening");
  return { address: `unix:path=${path}`, sockets, calls };
}

/** As systemd does of a unit that is active. */
export function answer({ member, body }: Message, serial: number): Buffer {
  if (member === "LoadUnit") return reply(serial, "o", encodeText("/unit"));
  if (member !== "Get") return reply(serial, "", Buffer.alloc(0));
  const values: Record<string, string> = { ActiveState: "active", SubState: "running" };
  const value = values[String(body[1])] ?? "loaded";
  return reply(serial, "v", variant(value));
}

/** @param before What stands before it in its body; a variant is not aligned, the text in it is. */
export function variant(value: string, before: Buffer = Buffer.alloc(0)): Buffer {
  const signature = Buffer.from([1, "s".charCodeAt(0), 0]);
  return padTo4(Buffer.concat([before, signature]), encodeText(value));
}

export function reply(
  serial: number,
  signature: string,
  body: Buffer,
  from = SYSTEMD_NAME,
): Buffer {
  const serialField = Buffer.from([5, 1, "u".charCodeAt(0), 0, 0, 0, 0, 0]);
  serialField.writeUInt32LE(serial, 4);
  return message(2, [serialField, text(7, "s", from), ...signatureOf(signature)], body);
}

/** PropertiesChanged of the unit at `/unit`. */
export function changed(active: string, sub: string, from = SYSTEMD_NAME): Buffer {
  const entry = (name: string, value: string) => variant(value, encodeText(name));
  const entries = Buffer.concat([padTo(8, entry("ActiveState", active)), entry("SubState", sub)]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(entries.length);
  const body = Buffer.concat([
    padTo(8, padTo4(encodeText("org.freedesktop.systemd1.Unit"), length)),
    padTo4(entries, Buffer.alloc(4)),
  ]);
  const fields = [
    text(1, "o", "/unit"),
    text(2, "s", "org.freedesktop.DBus.Properties"),
    text(3, "s", "PropertiesChanged"),
    text(7, "s", from),
  ];
  return message(4, [...fields, ...signatureOf("sa{sv}as")], body);
}

function padTo4(before: Buffer, after: Buffer): Buffer {
  return Buffer.concat([padTo(4, before), after]);
}

function text(code: number, type: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([code, 1, type.charCodeAt(0), 0]), encodeText(value)]);
}

function signatureOf(signature: string): Buffer[] {
  if (signature === "") return [];
  const bytes = Buffer.from(signature);
  return [Buffer.from([8, 1, "g".charCodeAt(0), 0, bytes.length, ...bytes, 0])];
}

export function message(type: number, fields: readonly Buffer[], body: Buffer): Buffer {
  const array = fields.reduce(
    (all, field) => Buffer.concat([padTo(8, all), field]),
    Buffer.alloc(0),
  );
  const fixed = Buffer.from([108, type, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
  fixed.writeUInt32LE(body.length, 4);
  fixed.writeUInt32LE(array.length, 12);
  return Buffer.concat([fixed, padTo(8, array), body]);
}
