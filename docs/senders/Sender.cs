// 编译：csc Sender.cs    或    mcs Sender.cs
using System;
using System.IO;
using System.IO.Pipes;
using System.Text;

public static class Sender {
    // 发一条信号，返回一行 JSON 回执；连不上抛 TimeoutException，什么都没有发出。
    public static string Send(string message, string name) {
        using (var pipe = new NamedPipeClientStream(".", name, PipeDirection.InOut)) {
            pipe.Connect(3000);
            pipe.ReadMode = PipeTransmissionMode.Message;
            byte[] bytes = Encoding.UTF8.GetBytes(message), buffer = new byte[65536];
            pipe.Write(bytes, 0, bytes.Length);
            var receipt = new MemoryStream();
            do receipt.Write(buffer, 0, pipe.Read(buffer, 0, buffer.Length)); while (!pipe.IsMessageComplete);
            return Encoding.UTF8.GetString(receipt.ToArray());
        }
    }

    public static void Main(string[] words) {
        string address = Environment.GetEnvironmentVariable("QMT_ADDRESS") ?? @"\\.\pipe\to_python_pipe";
        string message = words.Length > 0 ? words[0] : "buy 600000.SH 100@10.50:11031122 #cs/1";
        Console.Write(Send(message, address.Substring(address.LastIndexOf('\\') + 1)));
    }
}
