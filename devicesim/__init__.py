"""The other side: a phone's push daemon, its apps, and many of them in one process.

Promise: what a device acknowledged to the gateway reaches its app, once. It knows the gateway
only by the courier link (``protocol.courier``) and the activation call.
"""
