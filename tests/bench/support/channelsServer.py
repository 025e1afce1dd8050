"""The same room on Django Channels as its documentation sets one up: a group of consumers, in-memory layer, Daphne."""

import asyncio
import json
import resource
import time
from urllib.parse import parse_qs

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    INSTALLED_APPS=["channels"],
    SECRET_KEY="bench",
)
django.setup()

from channels.generic.http import AsyncHttpConsumer  # noqa: E402
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402
from channels.routing import ProtocolTypeRouter  # noqa: E402


class Member(AsyncWebsocketConsumer):
    async def connect(self):
        await self.channel_layer.group_add("room", self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard("room", self.channel_name)

    async def frame(self, message):
        await self.send(text_data=message["text"])


class Control(AsyncHttpConsumer):
    """`POST ?times=N&ms=M` sends the frame in the body N times, M ms apart; the answer is the CPU time used so far."""

    async def handle(self, body):
        query = parse_qs(self.scope["query_string"].decode())
        layer = get_channel_layer()
        for _ in range(int(query.get("times", ["0"])[0])):
            frame = json.loads(body)
            for event in frame["events"]:
                event["at"] = int(time.time() * 1000)
            text = "42" + json.dumps(["batch", frame], separators=(",", ":"))
            await layer.group_send("room", {"type": "frame", "text": text})
            await asyncio.sleep(int(query["ms"][0]) / 1000)
        used = resource.getrusage(resource.RUSAGE_SELF)
        answer = json.dumps({"cpu": used.ru_utime + used.ru_stime}).encode()
        await self.send_response(200, answer, headers=[(b"Content-Type", b"application/json")])


application = ProtocolTypeRouter({"http": Control.as_asgi(), "websocket": Member.as_asgi()})
