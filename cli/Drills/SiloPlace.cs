namespace HunyuanOrleans.Cli.Drills;

/// <summary>A host that silo processes run on. It does not know how the host came to be.</summary>
/// <param name="Address">Where others reach it.</param>
/// <param name="Enter">The command that starts a program there, and becomes it; empty for this host.</param>
internal sealed record SiloPlace(string Address, params string[] Enter)
{
    /// <summary>This machine's loopback.</summary>
    public static readonly SiloPlace Loopback = new("127.0.0.1");

    /// <summary>True where nobody else can reach it.</summary>
    public bool IsLoopback => this == Loopback;
}
