using HunyuanOrleans.Engine.Placement;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>A silo of a drill.</summary>
/// <param name="Name">Its name; at any time no other silo of the drill has it.</param>
/// <param name="Role">What it may hold.</param>
internal sealed record DrillSilo(string Name, SiloRole Role)
{
    /// <summary>With fewer silos all of them may hold anything: special ones would leave too few for the rest.</summary>
    private const int FewestForRoles = 4;

    private static readonly SiloRole[] Special = [SiloRole.Attention, SiloRole.Experts, SiloRole.Any, SiloRole.Gateway];

    /// <summary>A silo by number, counted from 1; names sort like numbers.</summary>
    public static DrillSilo Numbered(int number, SiloRole role) => new($"silo-{number:0000}", role);

    /// <summary>The roles a drill begins with: one of each where there are enough silos, else and beyond that any.</summary>
    public static IEnumerable<SiloRole> Roles(int silos) =>
        Enumerable.Range(0, silos).Select(i => silos >= FewestForRoles && i < Special.Length ? Special[i] : SiloRole.Any);
}
