// 编译：cl /EHsc /utf-8 sender.cpp    或    x86_64-w64-mingw32-g++ -static sender.cpp -o sender.exe
#include <windows.h>
#include <cstdio>
#include <cstdlib>
#include <string>

// 发一条 UTF-8 或 GBK 的信号，返回一行 JSON 回执；空：没有回执，带编号的原样再发是安全的。
std::string send(const std::string& message) {
    static char receipt[65536];
    DWORD got = 0;
    const char* pipe = std::getenv("QMT_ADDRESS");
    if (!pipe) pipe = "\\\\.\\pipe\\to_python_pipe";
    BOOL ok = CallNamedPipeA(pipe, (void*)message.data(), (DWORD)message.size(), receipt, sizeof receipt, &got, 3000);
    return ok ? std::string(receipt, got) : std::string();
}

int main(int count, char** words) {
    std::string message = count > 1 ? words[1] : "buy 600000.SH 100@10.50:11031122 #cpp/1", receipt;
    for (int tries = 0; tries < 3 && receipt.empty(); ++tries) receipt = send(message);  // 只有带 #编号 的才能这样重发
    if (receipt.empty()) std::fprintf(stderr, "no receipt: error %lu\n", GetLastError());
    std::fputs(receipt.c_str(), stdout);
    return receipt.empty() ? 1 : 0;
}
