// node sender.js "buy 600000.SH 100@10.50:11031122 #js/1"
const net = require("net");
const usual = process.platform === "win32" ? "\\\\.\\pipe\\to_python_pipe" : "signals.sock";

// 发一条信号，回执是一个对象；出错时带编号的原样再发是安全的。
function send(message, address = process.env.QMT_ADDRESS || usual) {
  return new Promise((resolve, reject) => {
    if (/[\r\n]|[<＜].*[<＜]/.test(message)) throw new Error("one signal at a time; nothing was sent"); // 几条有几份回执
    let receipt = "";
    const line = net.connect(address, () => line.write(message + "\n"));
    line.setEncoding("utf8");
    line.setTimeout(3000, () => line.destroy(new Error("no receipt within 3 s")));
    line.on("data", (piece) => {
      receipt += piece;
      if (receipt.endsWith("\n")) resolve(JSON.parse(receipt)), line.destroy();
    });
    line.on("error", reject).on("close", () => reject(new Error("the engine closed the line")));
  });
}

const message = process.argv[2] || "buy 600000.SH 100@10.50:11031122 #js/1";
send(message).then(
  (receipt) => console.log(JSON.stringify(receipt)),
  (error) => { console.error(String(error)); process.exitCode = 1; },
);
