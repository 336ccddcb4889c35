/** Where the system bus listens ("Server Addresses" in the D-Bus Specification). */

const DEFAULT_ADDRESS = "unix:path=/run/dbus/system_bus_socket";

/** @returns What `net.connect` takes as `path`; undefined if no address in the list is a Unix socket. */
export function socketPathOf(list: string | undefined): string | undefined {
  for (const address of (list ?? DEFAULT_ADDRESS).split(";")) {
    const [transport, keys = ""] = address.split(/:(?<rest>.*)/s);
    if (transport !== "unix") continue;
    for (const pair of keys.split(",")) {
      const [key, escaped = ""] = pair.split("=");
      const value = unescape(escaped);
      if (value === undefined || value === "") continue;
      if (key === "path") return value;
      if (key === "abstract") return `\0${value}`;
    }
  }
  return undefined;
}

/** @returns Undefined for an escape that is none. */
function unescape(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
