using System.Globalization;
using HunyuanOrleans.Engine.Placement;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>A silo of a drill.</summary>
/// <param name="Name">The silo's name, unique among the running silos.</param>
/// <param name="Role">The role, which limits what the silo may hold.</param>
internal sealed record DrillSilo(string Name, SiloRole Role)
{
    // In a smaller cluster every silo may hold anything, because dedicated silos would leave too few for the other parts.
    private const int MinSilosForRoles = 4;

    private const string Prefix = "silo-";

    private static readonly SiloRole[] FirstRoles = [SiloRole.Attention, SiloRole.Experts, SiloRole.Any, SiloRole.Gateway];

    /// <summary>The number in its name.</summary>
    public int Number => int.Parse(Name.AsSpan(Prefix.Length), CultureInfo.InvariantCulture);

    /// <summary>Creates a silo with a numbered name. Names sort in the order of their numbers, which start at 1.</summary>
    public static DrillSilo Numbered(int number, SiloRole role) => new($"{Prefix}{number:0000}", role);

    /// <summary>The roles of the initial silos: in a cluster of four or more, one silo of each role; all others may hold anything.</summary>
    public static IEnumerable<SiloRole> Roles(int silos) =>
        Enumerable.Range(0, silos).Select(i => silos >= MinSilosForRoles && i < FirstRoles.Length ? FirstRoles[i] : SiloRole.Any);
}
