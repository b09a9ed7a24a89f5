// Receives facetracker's records and prints them: a receiver in C#, for .NET, Mono and Unity.
// Run `mcs Receiver.cs && mono Receiver.exe [PORT [COUNT]]` (11573; for ever), then `facetracker -c demo`.
// ../PROTOCOL.md explains every field, its axes and its side.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

public struct Face
{
    public const int Bytes = 1785; // a datagram holds one record for each face

    public double Time;
    public int Id;
    public float RightEyeOpen, LeftEyeOpen;
    public bool Got3D;
    public float[] Quaternion;  // x, y, z, w
    public float[] Euler;       // (180, 0, 90) for a face that looks into the camera
    public float[] Translation; // up, image-left, minus the distance
    public float[] Features;    // eyes, brows, mouth: 14 values of about -1 to 1

    // The faces in a datagram; none for one that is not facetracker's. The wire is little-endian, as every machine
    // that runs this is.
    public static List<Face> Decode(byte[] datagram)
    {
        var faces = new List<Face>();
        if (datagram.Length % Bytes != 0) return faces;
        for (int at = 0; at < datagram.Length; at += Bytes)
            faces.Add(new Face {
                Time = BitConverter.ToDouble(datagram, at),
                Id = BitConverter.ToInt32(datagram, at + 8),
                RightEyeOpen = BitConverter.ToSingle(datagram, at + 20),
                LeftEyeOpen = BitConverter.ToSingle(datagram, at + 24),
                Got3D = datagram[at + 28] != 0,
                Quaternion = Floats(datagram, at + 33, 4),
                Euler = Floats(datagram, at + 49, 3),
                Translation = Floats(datagram, at + 61, 3),
                Features = Floats(datagram, at + 1729, 14),
            });
        return faces;
    }

    static float[] Floats(byte[] data, int at, int count)
    {
        var values = new float[count];
        Buffer.BlockCopy(data, at, values, 0, 4 * count);
        return values;
    }
}

public static class Receiver
{
    public static void Main(string[] arguments)
    {
        int port = arguments.Length > 0 ? int.Parse(arguments[0]) : 11573;
        int count = arguments.Length > 1 ? int.Parse(arguments[1]) : int.MaxValue;
        using (var receiver = new UdpClient(new IPEndPoint(IPAddress.Loopback, port)))
        {
            Console.WriteLine("listening on port {0}", port);
            var sender = new IPEndPoint(IPAddress.Any, 0);
            for (; count > 0; count--)
                foreach (var face in Face.Decode(receiver.Receive(ref sender)))
                    Console.WriteLine(string.Format(
                        CultureInfo.InvariantCulture,
                        "{0} {1} {2:F4} {3:F4} {4:F4} {5:F4} {6:F4} {7:F4}",
                        face.Id, face.Got3D ? 1 : 0, face.Euler[0], face.Euler[1], face.Euler[2],
                        face.RightEyeOpen, face.LeftEyeOpen, face.Features[12]));
        }
    }
}
