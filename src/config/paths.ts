/** The two paths that agent and commands must agree on. Free of zod: a command that needs only them starts fast. */
import { FOLDER_PATH_BYTES_MAX, SOCKET_PATH_BYTES_MAX } from "./limits.ts";

/** Where drains and history are kept unless the file says otherwise. */
export const STATE_DIR_DEFAULT = "/var/lib/anyctl";

/** Where the control API listens unless the file says otherwise. */
export const SOCKET_DEFAULT = "/run/anyctl/agent.sock";

export const isStateDir = isAbsolutePath(FOLDER_PATH_BYTES_MAX);

export const isSocketPath = isAbsolutePath(SOCKET_PATH_BYTES_MAX);

/** Without control characters, `.`, `..`, empty parts and a final slash. */
function isAbsolutePath(bytesMax: number): (path: unknown) => path is string {
  return (path): path is string =>
    typeof path === "string" &&
    /^(?:\/[^/\p{Cc}]+)+$/u.test(path) &&
    !path.split("/").some((part) => part === "." || part === "..") &&
    Buffer.byteLength(path) <= bytesMax;
}
