namespace HunyuanOrleans.Cli.Drills;

/// <summary>A host that silo processes run on.</summary>
/// <param name="Address">The address that other hosts reach it at.</param>
/// <param name="CommandPrefix">The command in front of a program to run it on the host, which must exec the program; empty for this host.</param>
internal sealed record DrillHost(string Address, params string[] CommandPrefix)
{
    /// <summary>The loopback address of this machine.</summary>
    public static readonly DrillHost Loopback = new("127.0.0.1");

    /// <summary>Whether the host is this machine's loopback address, which no other machine can reach.</summary>
    public bool IsLoopback => this == Loopback;
}
