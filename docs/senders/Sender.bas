Attribute VB_Name = "QmtSender"
Private Declare PtrSafe Function CallNamedPipeA Lib "kernel32" (ByVal pipe As String, message As Any, _
    ByVal size As Long, receipt As Any, ByVal room As Long, got As Long, ByVal waitMs As Long) As Long

' In a cell:  =QmtSend("buy 600000.SH 100@10.50:11031122 #xl/1")     The answer is the receipt, one line of JSON.
Public Function QmtSend(ByVal message As String) As String
    Dim bytes() As Byte, receipt() As Byte, got As Long
    bytes = StrConv(message, vbFromUnicode)
    ReDim receipt(65535)
    If CallNamedPipeA("\\.\pipe\to_python_pipe", bytes(0), UBound(bytes) + 1, receipt(0), 65536, got, 3000) = 0 Then
        QmtSend = "no receipt: error " & Err.LastDllError
        Exit Function
    End If
    ReDim Preserve receipt(got - 1)
    With CreateObject("ADODB.Stream")
        .Type = 1: .Open: .Write receipt: .Position = 0: .Type = 2: .Charset = "utf-8"
        QmtSend = .ReadText
    End With
End Function
