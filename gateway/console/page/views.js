/**
 * Every view of the page, in the order of the navigation.
 *
 * A view is a module with one component as its default export, loaded when it is first wanted. It is
 * given the rest of the address: `segments` and `query` of router.js.
 */

/**
 * @typedef {object} ViewEntry
 * @property {string} name the first part of the hash: `#/name`
 * @property {string} label
 * @property {string} icon a name of components/icon.js
 * @property {() => Promise<{default: Function}>} load
 */

/** @type {ViewEntry[]} */
export const VIEWS = [
  { name: "notifications", label: "Notifications", icon: "bell", load: () => import("./views/notifications.js") },
  { name: "requests", label: "Requests", icon: "arrows", load: () => import("./views/requests.js") },
  { name: "devices", label: "Devices", icon: "phone", load: () => import("./views/devices.js") },
  { name: "connections", label: "Connections", icon: "link", load: () => import("./views/connections.js") },
  { name: "rules", label: "Rules", icon: "bolt", load: () => import("./views/rules.js") },
  { name: "send", label: "Send", icon: "send", load: () => import("./views/send.js") },
  { name: "clients", label: "Clients", icon: "plug", load: () => import("./views/clients.js") },
  { name: "metrics", label: "Metrics", icon: "chart", load: () => import("./views/metrics.js") },
];
