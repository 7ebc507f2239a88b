// Reloads the page when Trunk has built it again, and says so when it could not.
const url = new URL(".well-known/trunk/ws", location.href);
url.protocol = url.protocol.replace("http", "ws");

function listen(onOpen) {
  const socket = new WebSocket(url);
  socket.onopen = onOpen;
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "reload") location.reload();
    if (message.type === "buildFailure") console.error("The build failed:", message.data.reason);
  };
  // The server went away; when it is back the page may be another one.
  socket.onclose = () => setTimeout(() => listen(() => location.reload()), 1000);
}

listen(null);
