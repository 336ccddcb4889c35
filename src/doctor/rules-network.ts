/** Addresses and the kernel: packets that come, and answers that leave. */
import { parseAddress } from "../config/prefix.ts";
import { agentNeighbors } from "./host.ts";
import { contains, managedPrefixes } from "./prefixes.ts";
import { defineRule } from "./rule.ts";
import { at } from "./rules-neighbors.ts";

const RP_STRICT = 1;

export const NETWORK_RULES = [
  defineRule({
    id: "address-missing",
    severity: "error",
    about: "no interface has an address of the prefix",
    why: "Traffic that the prefix draws here is dropped, or sent back; announced without it, the PoP is a black hole.",
    mend: "Add the service's address, best to lo: ip address add ADDRESS/32 dev lo, and for good in the network's configuration.",
    needs: ["config", "addresses"],
    look: ({ config, addresses }) => {
      const own = addresses.flatMap(({ address }) => parseAddress(address) ?? []);
      // As the agent judges: a service with an `address` check says itself what must be here.
      const excused = new Set(
        config.plan.services
          .filter(({ checks }) => checks.some(({ spec }) => spec.type === "address"))
          .map(({ name }) => name),
      );
      return managedPrefixes(config)
        .filter(({ service }) => !excused.has(service))
        .filter(({ prefix }) => !own.some((address) => contains(prefix, address)))
        .map(({ prefix, service }) => ({
          where: "the addresses of this host",
          found: `none is in ${prefix.text} of service ${service}`,
        }));
    },
  }),
  defineRule({
    id: "address-mask",
    severity: "warning",
    about: "an address on lo has a whole network with it",
    why: "The kernel takes every address of that network for its own: also those that no service answers on, and those of others.",
    mend: "Use /32 for IPv4 and /128 for IPv6 on lo.",
    needs: ["config", "addresses"],
    look: ({ config, addresses }) =>
      addresses.flatMap(({ interfaceName, address: text, prefixLength }) => {
        const address = parseAddress(text);
        if (address === undefined || interfaceName !== "lo") return [];
        const isManaged = managedPrefixes(config).some(({ prefix }) => contains(prefix, address));
        if (!isManaged || prefixLength === (address.family === 4 ? 32 : 128)) return [];
        return [{ where: "interface lo", found: `${text}/${prefixLength}` }];
      }),
  }),
  defineRule({
    id: "local-address",
    severity: "error",
    about: "the local address of a session is not on this host",
    why: "ExaBGP cannot bind to it: the session never comes up.",
    mend: "Give local-address an address of this host.",
    needs: ["conf", "addresses"],
    look: ({ conf, addresses }) => {
      const own = new Set(addresses.map(({ address }) => parseAddress(address)?.text));
      return agentNeighbors(conf).flatMap((neighbor) => {
        const setting = neighbor.settings.get("local-address");
        const address = parseAddress(setting?.value ?? "");
        if (setting === undefined || address === undefined || own.has(address.text)) return [];
        return [at(conf, setting.line, neighbor, `has local-address ${address.text}`)];
      });
    },
  }),
  defineRule({
    id: "no-route",
    severity: "warning",
    about: "there is no route to a neighbor",
    why: "The session cannot come up.",
    mend: "Add a route, or see whether the interface is up.",
    needs: ["conf", "uplinks"],
    look: ({ conf, uplinks }) =>
      agentNeighbors(conf)
        .filter(({ address }) => parseAddress(address) !== undefined)
        .filter(({ address }) => !uplinks.some(({ neighbor }) => neighbor === address))
        .map((neighbor) => at(conf, neighbor.line, neighbor, "is not reached by any route")),
  }),
  defineRule({
    id: "rp-filter",
    severity: "error",
    about:
      "the kernel drops packets on the uplink whose answer would leave elsewhere (strict reverse path filter)",
    why: "Anycast traffic comes from wherever it likes: with a second uplink or a tunnel a part of the clients gets no answer.",
    mend: "Set net.ipv4.conf.all.rp_filter and that of the interface to 2 (loose) or 0.",
    needs: ["uplinks", "rpFilter"],
    look: ({ uplinks, rpFilter }) => {
      const names = new Set(uplinks.map(({ interfaceName }) => interfaceName));
      return [...names].flatMap((name) => {
        // The larger of both is in force (Documentation/networking/ip-sysctl).
        const [all = 0, own = 0] = [rpFilter.get("all"), rpFilter.get(name)];
        if (name === "lo" || Math.max(all, own) !== RP_STRICT) return [];
        const where = `net.ipv4.conf.${own === RP_STRICT ? name : "all"}.rp_filter`;
        return [{ where, found: `is 1, so ${name}, an uplink, is strict` }];
      });
    },
  }),
  defineRule({
    id: "clock",
    severity: "warning",
    about: "the clock is not synchronized",
    why: "A step by more than the hold time, either way, ends every session of ExaBGP; and records have wrong times.",
    mend: "Run chrony or systemd-timesyncd, and let it slew, not step.",
    needs: ["clock"],
    look: ({ clock: { isSynchronized } }) =>
      isSynchronized ? [] : [{ where: "timedatectl", found: "NTPSynchronized=no" }],
  }),
];
