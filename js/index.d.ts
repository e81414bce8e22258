/**
 * APNs in a test: a gateway of your own, phones on it, and answers to "why did it not arrive".
 *
 * Names of the wire (`apns_id`, `push_type`) are as in the control API; times are UNIX seconds.
 */

/**
 * Start a gateway on free ports, in a folder that goes with it.
 *
 * It ends with `stop()`, and with this process, however that ends.
 *
 * @throws ApnsimError there is no apnsim, or it did not start; says what it said and what to do.
 */
export function start(options?: StartOptions): Promise<Gateway>;

/**
 * Use a gateway that runs: in a container, or `apnsim serve` in another terminal.
 *
 * @param consoleUrl such as `http://127.0.0.1:2198`; absent: `APNSIM_CONSOLE_URL`, or that.
 * @throws ApnsimError nobody answers there.
 */
export function connect(consoleUrl?: string, options?: ConnectOptions): Promise<Gateway>;

export interface StartOptions {
  /** How to call apnsim, such as `["python3", "-m", "apnsim"]`; absent: `APNSIM_COMMAND`, or PATH. */
  command?: string | readonly string[];
  /** More options of `apnsim serve`, such as `["--unknown-tokens=adopt"]`. */
  options?: readonly string[];
  /** Where CA, keys and database stay; absent: a temporary folder, and the database in memory. */
  dataDir?: string;
  /** How long it may take to start; 30. */
  startSeconds?: number;
}

export interface ConnectOptions {
  /** The console's bearer token; absent: `APNSIM_CONSOLE_TOKEN`. */
  token?: string;
}

/** A gateway that runs. Point your client at `providerUrl`, trust `ca`, sign with `key`. */
export interface Gateway {
  readonly providerUrl: string;
  readonly providerHost: string;
  readonly providerPort: number;
  readonly consoleUrl: string;
  /** `host:port` where devices connect. */
  readonly courier: string;
  /** The certificate to trust, PEM. */
  readonly ca: string;
  /** The same as a file of the gateway's machine. */
  readonly caFile: string;
  /** The `.p8` to sign with, PEM; empty if the gateway made none of its keys. */
  readonly key: string;
  /** The same as a file of the gateway's machine, if it made the key. */
  readonly keyFile: string | null;
  readonly keyId: string;
  readonly teamId: string;
  /** All that `GET /api/v1/info` says. */
  readonly info: Record<string, any>;
  /** Every call of the control API. */
  readonly client: Client;

  /** A new app on a new device: share one gateway between tests, and give each its own. */
  app(bundleId?: string, options?: AppOptions): Promise<App>;
  device(options?: DeviceOptions): Promise<Device>;
  /** Move time forward; what was due has happened when this resolves. */
  advance(seconds: number): Promise<Clock>;
  /** Let something go wrong; docs/faults.md has the actions. */
  addRule(rule: Rule): Promise<RuleState>;
  /** End every rule, or those that can strike one app only. */
  removeRules(bundleId?: string): Promise<void>;
  /** Back to empty, or only what is of one app. */
  reset(bundleId?: string): Promise<void>;
  /** As {@link App.waitForAll}, of every app. */
  waitForAll(count: number, wish?: Wish): Promise<Notification[]>;
  /** As {@link App.expectNone}, of every app. */
  expectNone(wish?: Wish): Promise<void>;
  /** `APNSIM_PROVIDER_URL` and friends, for a backend in a process of its own. */
  environment(): Record<string, string>;
  /** End it, if it was started here; else forget it. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Client {
  readonly url: string;
  /**
   * @param path relative to `/api/v1/`, such as `notifications`.
   * @returns what was answered, JSON as values.
   * @throws ApnsimError what was refused and why, or that nobody is there.
   */
  call(method: string, path: string, options?: CallOptions): Promise<any>;
}

export interface CallOptions {
  /** A list becomes several parameters of the same name, undefined becomes none. */
  query?: Record<string, unknown>;
  body?: unknown;
}

export interface DeviceOptions {
  name?: string;
  environment?: "development" | "production";
  online?: boolean;
}

export interface AppOptions extends DeviceOptions {
  /** For which it has tokens; `["alert"]`. */
  pushTypes?: PushType[];
}

export interface App {
  readonly bundleId: string;
  /** The topic of its alerts: the bundle id. */
  readonly topic: string;
  /** The device token of its alerts, hexadecimal. */
  readonly token: string;
  readonly tokens: Record<string, string>;
  readonly device: Device;

  /**
   * Wait for a push to the app; by default one that has come to the device.
   *
   * @throws NotInTimeError with what came instead, and why.
   */
  waitFor(wish?: Wish): Promise<Notification>;
  /** Wait for so many; oldest first. */
  waitForAll(count: number, wish?: Wish): Promise<Notification[]>;
  /**
   * Resolves once it is known that nothing like that comes of what the gateway has answered: mostly
   * at once. If the backend sends by itself, later, say in `seconds` how long that may take.
   *
   * @throws UnexpectedNotificationError with what came.
   * @throws NotSettledError something that could match is still on its way.
   */
  expectNone(wish?: Wish): Promise<void>;
  /** Its pushes in whatever state, oldest first, refused ones by `{ state: "Rejected" }`. */
  notifications(wish?: Wish): Promise<Notification[]>;
  /** What the device received for it, oldest first, and what became of it there. */
  received(): Promise<ReceivedNotification[]>;
  /** What a person sees on the device. */
  screen(): Promise<Screen>;
  /** Push to it from here, over the real provider API: for a first try, without a backend. */
  push(payload: Record<string, unknown>, headers?: Record<string, string>): Promise<PushAnswer>;
  /** Ask how it is now; `tokens` are, too: a restored device has others. */
  refresh(): Promise<Record<string, any>>;
  /** Bring it to another state, or change what it may show. */
  update(changes: AppChanges): Promise<Record<string, any>>;
  /** Remove it: providers hear 410 for its tokens. */
  uninstall(): Promise<void>;
  /** Its device loses the network: pushes are stored. */
  offline(): Promise<void>;
  online(): Promise<void>;
  /** Nobody uses its device: pushes of priority 5 and 1 are held. */
  lock(): Promise<void>;
  unlock(): Promise<void>;
}

export interface Device {
  readonly id: string;
  readonly name: string;
  install(bundleId: string, pushTypes?: PushType[]): Promise<App>;
  update(changes: DeviceChanges): Promise<Record<string, any>>;
  /** As `GET /api/v1/devices/{id}` tells it now. */
  refresh(): Promise<Record<string, any>>;
  screen(): Promise<Screen>;
  notifications(): Promise<ReceivedNotification[]>;
  offline(): Promise<void>;
  online(): Promise<void>;
  lock(): Promise<void>;
  unlock(): Promise<void>;
  delete(): Promise<void>;
}

/** What the provider was answered. */
export interface PushAnswer {
  status: number;
  reason: string;
  apns_id: string;
  [more: string]: any;
}

/** Which pushes; all that is given must fit. */
export interface Wish {
  /** How long to wait: 10 for a push; to watch for none: 0. */
  seconds?: number;
  /** Where the push is now, one or any of several; absent: come to the device. */
  state?: State | State[] | "any";
  /** Stands somewhere in the payload. */
  text?: string;
  /** Values in the payload by path: `{"aps.alert.title": "Goal*", "match.id": 7}`. */
  payload?: Record<string, string | number | boolean>;
  topic?: string;
  apns_id?: string;
  bundle_id?: string;
  device?: string;
  token?: string;
  /** UNIX seconds by the gateway's clock. */
  since?: number;
}

export type State =
  | "Received by APNs"
  | "Delivered to Device"
  | "Delivered to Device (From Storage)"
  | "Stored - Device Offline"
  | "Stored - Power Considerations"
  | "Discarded - Token Unregistered"
  | "Discarded - Token Unregistered (From Storage)"
  | "Discarded - Expired"
  | "Discarded - Disabled"
  | "Discarded - Disabled (From Storage)"
  | "Broadcast Published"
  | "Broadcast Delivered"
  | "Rejected"
  | "Replaced"
  | "Presented"
  | "Not presented"
  | "Fault";

export type PushType =
  | "alert"
  | "background"
  | "complication"
  | "controls"
  | "fileprovider"
  | "liveactivity"
  | "location"
  | "mdm"
  | "pushtotalk"
  | "voip"
  | "widgets";

/** A push as `GET /api/v1/notifications` tells it. */
export interface Notification {
  number: number;
  apns_id: string;
  device: string | null;
  token: string | null;
  topic: string | null;
  push_type: PushType | null;
  priority: number | null;
  collapse_id: string | null;
  received_at: number;
  expires_at: number | null;
  /** What the provider was answered. */
  status: number | null;
  reason: string;
  detail: string;
  state: State | null;
  payload: any;
  timeline: { state: State; at: number; detail: string }[];
}

/** A push as the device received it. */
export interface ReceivedNotification {
  apns_id: string;
  topic: string;
  push_type: PushType;
  priority: number;
  collapse_id: string | null;
  payload: any;
  received_at: number;
  from_storage: boolean;
  presentation: "shown" | "collapsed" | "woken" | "delivered" | "not-shown";
  /** Why so. */
  detail: string;
}

/** What almost was what was waited for. */
export interface NearMiss {
  /** All of it in a sentence. */
  why: string;
  /** What to do. */
  advice?: string;
  number: number | null;
  apns_id: string | null;
  status: number | null;
  reason: string | null;
  state: State | null;
  topic: string | null;
}

/** What a person sees; docs/screen.md explains it. */
export interface Screen {
  now: number;
  lit: boolean;
  locked: boolean;
  /** `lock-screen`, `home-screen`, or the bundle id of the app in front. */
  front: string;
  lock_screen: Group[];
  notification_center: Group[];
  not_shown: { apns_id: string; topic: string; push_type: PushType; why: string }[];
  [more: string]: any;
}

/** The notifications of an app and thread, newest first. */
export interface Group {
  bundle_id: string;
  thread_id: string | null;
  summary: string | null;
  notifications: { apns_id: string; title: string; subtitle: string; body: string; [more: string]: any }[];
}

export interface AppChanges {
  state?: "foreground" | "background" | "suspended" | "terminated" | "force-quit";
  notifications_enabled?: boolean;
  permission?: "not-asked" | "granted" | "denied" | "provisional";
  registered?: boolean;
  reports_calls?: boolean;
  extension_seconds?: number | null;
}

export interface DeviceChanges {
  online?: boolean;
  network?: "wifi" | "cellular" | "wifi+cellular" | "airplane" | "none" | "half-open";
  power?: "awake" | "locked" | "low-power";
  conditions?: Record<string, unknown>;
  assertion_policy?: "full" | "restricted";
}

export interface Clock {
  now: number;
  frozen: boolean;
  rate: number;
}

/** What goes wrong, and when. */
export interface Rule {
  match?: Record<string, unknown>;
  action: Record<string, unknown> | Record<string, unknown>[];
  times?: number;
  probability?: number;
  after?: number;
  priority?: number;
  seed?: number;
}

export interface RuleState extends Rule {
  id: string;
  seen: number;
  hits: number;
  spent: boolean;
}

/** A call was refused, or nobody was there to be asked: then `status` is 0. */
export class ApnsimError extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  constructor(detail: string, more?: { status?: number; title?: string; cause?: unknown });
}

/** Fewer pushes came than were waited for. */
export class NotInTimeError extends ApnsimError {
  /** What came. */
  readonly notifications: Notification[];
  /** What almost did, nearest first. */
  readonly nearMisses: NearMiss[];
  constructor(wanted: string, found: Notification[], nearMisses: NearMiss[]);
}

/** One came that was expected not to. */
export class UnexpectedNotificationError extends ApnsimError {
  readonly notifications: Notification[];
  constructor(wanted: string, found: Notification[]);
}

/** It cannot be known whether one comes, as something is on its way. */
export class NotSettledError extends ApnsimError {
  constructor(
    wanted: string,
    onTheirWay: { apns_id: string; topic: string | null; became: string }[],
  );
}
