/** Orders to end a drain or a pin, written in its place. */
import type { CommandIo } from "./io.ts";
import { isOver, isOwn, tell } from "./order-conflict.ts";
import { replaceOrder, type Order } from "./order-file.ts";
import { cannotWrite } from "./order-folder.ts";

/**
 * Ends what stands for `service`, and says whose it was; nothing is done if there is nothing any more, unless the
 * order does more than that.
 *
 * @throws {CommandError} `refused` if the folder cannot be written.
 */
export async function endOrder(
  noun: "drain" | "pin",
  folder: string,
  service: string,
  order: Order,
  io: CommandIo,
): Promise<void> {
  const ended = await replaceOrder(
    folder,
    service,
    (standing) => (standing.kind === "none" && order.clearHold !== true ? undefined : order),
    io.timers,
  ).catch((error: unknown) => {
    throw cannotWrite(folder, error);
  });
  if (ended.kind !== "stands" || isOver(ended, io) || isOwn(ended, io)) return;
  io.stdout(`This ends the ${noun} ${tell(ended)}\n`);
}
