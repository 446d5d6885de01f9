using HunyuanOrleans.Bench.Peers;
using HunyuanOrleans.Model;

if (args is ["--help" or "-h"])
{
    Console.WriteLine(PeerOptions.Usage);
    return 0;
}

try
{
    return PeerProgram.Run(PeerOptions.Parse(args));
}
catch (Exception e) when (e is ArgumentException or ModelException or IOException or NotSupportedException)
{
    Console.Error.WriteLine($"peers: {e.Message}");
    return 2;
}
