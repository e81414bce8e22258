/** One phone of the grid: its screen is asked for once it has come into sight. */
import { Phone } from "../phone/phone.js";
import { href } from "../router.js";
import { html, useEffect, useRef, useState } from "../ui.js";
import { useScreen } from "./use_screen.js";

/** A phone goes dark, and is locked by others, without a word of the feed. */
const ASK_SECONDS = 5;

/** @param {{device: object, now: number}} props */
export function DeviceCard({ device, now }) {
  const [isSeen, setSeen] = useState(false);
  const element = useRef(null);
  useEffect(() => {
    const watch = new IntersectionObserver(([entry]) => setSeen(entry.isIntersecting), { rootMargin: "100px" });
    watch.observe(element.current);
    return () => watch.disconnect();
  }, []);
  const screen = useScreen(device.id, { isWanted: isSeen, everySeconds: ASK_SECONDS });
  const count = screen.data?.lock_screen.reduce((sum, group) => sum + group.notifications.length, 0) ?? 0;
  const facts = [device.online ? "online" : "offline", device.network, device.power, `${count} on the lock screen`].join(", ");
  return html`<li class="device-card" ref=${element}>
    <a href=${href("devices", [device.id])}>
      <span class="device-name">${device.name}</span>
      <span class="device-facts">${device.id}</span>
      <span class="device-facts">${facts}</span>
    </a>
    <div class="device-look" inert><${Phone} device=${device} screen=${screen.data} now=${now} small /></div>
  </li>`;
}
