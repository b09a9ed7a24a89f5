// Starts facetracker, steers it over the control channel and ends it: a launcher in C#, for .NET, Mono and Unity.
// Run `mcs Launcher.cs && mono Launcher.exe facetracker -c demo`. ../CONTROL.md describes the channel.

using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading;

public sealed class FaceTracker : IDisposable
{
    readonly Process process;
    readonly TcpClient connection;
    readonly StreamReader reader;
    readonly StreamWriter writer;
    int lastId;

    // Starts `program` and waits until it has dialled in. Call it from a thread that lives as long as your program:
    // on Linux the tracker is ended with the thread that started it.
    public FaceTracker(string program, string[] arguments)
    {
        var secret = new byte[24];
        using (var random = RandomNumberGenerator.Create()) random.GetBytes(secret);
        string token = BitConverter.ToString(secret).Replace("-", "");
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        string[] all = arguments.Concat(new[] { "--parent-pid=" + Process.GetCurrentProcess().Id }).ToArray();
        var start = new ProcessStartInfo(program, string.Join(" ", all.Select(Quoted))) {
            UseShellExecute = false, CreateNoWindow = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.EnvironmentVariables["FACETRACKER_CONTROL"] =
            "127.0.0.1:" + ((IPEndPoint)listener.LocalEndpoint).Port + ":" + token;
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => { if (line.Data != null) Console.WriteLine("  " + line.Data); };
        process.ErrorDataReceived += (_, line) => { if (line.Data != null) Console.WriteLine("! " + line.Data); };
        process.Start();
        process.BeginOutputReadLine(); // or the pipes would fill
        process.BeginErrorReadLine();

        while (connection == null)
        {
            if (process.HasExited) throw new IOException("the tracker ended with " + process.ExitCode);
            if (!listener.Pending()) { Thread.Sleep(20); continue; }
            var caller = listener.AcceptTcpClient();
            caller.ReceiveTimeout = 5000;
            reader = new StreamReader(caller.GetStream(), new UTF8Encoding(false));
            string hello = reader.ReadLine() ?? "";
            if (hello.Contains("\"token\":\"" + token + "\"")) connection = caller;
            else caller.Close(); // somebody else of this machine
        }
        listener.Stop();
        writer = new StreamWriter(connection.GetStream(), new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\n" };
    }

    // Sends a command of ../CONTROL.md and returns the reply, one line of JSON.
    public string Ask(string command)
    {
        writer.WriteLine("{\"id\":" + ++lastId + ",\"command\":\"" + command + "\"}");
        return reader.ReadLine() ?? throw new IOException("the tracker hung up");
    }

    // Ends the tracker. Returns its exit code.
    public int Quit()
    {
        if (!process.HasExited) Ask("quit");
        if (!process.WaitForExit(6000)) process.Kill();
        process.WaitForExit();
        return process.ExitCode;
    }

    public void Dispose() { connection.Close(); process.Dispose(); }

    // For paths and names with spaces; enough for arguments without quotation marks of their own.
    static string Quoted(string word) { return word.Contains(' ') ? '"' + word + '"' : word; }

    public static void Main(string[] arguments)
    {
        using (var tracker = new FaceTracker(arguments[0], arguments.Skip(1).ToArray()))
        {
            while (tracker.Ask("statistics").Contains("\"faces\":0")) Thread.Sleep(100);
            Console.WriteLine("recentre: " + tracker.Ask("recentre"));
            Console.WriteLine("ended with " + tracker.Quit());
        }
    }
}
