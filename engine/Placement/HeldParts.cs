using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Which silos hold which CLA groups and experts now, complete or not: a previous plan, or what silos report after the scheduler that knew the plan has
/// died. A plan that is made from it leaves everything in place that can stay.
/// </summary>
public sealed class HeldParts
{
    private readonly string?[] _groupSilos;
    private readonly string[][][] _expertSilos;
    private readonly HashSet<string> _silos;

    private HeldParts(string?[] groupSilos, string[][][] expertSilos, HashSet<string> silos, ExpertLayout layout, bool isReported)
    {
        (_groupSilos, _expertSilos, _silos) = (groupSilos, expertSilos, silos);
        (Layout, IsReported) = (layout, isReported);
    }

    /// <summary>How the experts are distributed.</summary>
    public ExpertLayout Layout { get; }

    /// <summary>True if silos have reported the parts, so that some may be missing and shares may be uneven.</summary>
    internal bool IsReported { get; }

    /// <summary>Name of the silo with a CLA group; null if none has it.</summary>
    public string? GroupSilo(int group) => _groupSilos[group];

    /// <summary>Names of the silos with an expert, in order of preference; empty if none has it.</summary>
    public IReadOnlyList<string> ExpertSilos(int layer, int expert) => _expertSilos[layer][expert];

    /// <summary>True if a silo took part when the parts were placed.</summary>
    internal bool Knows(string silo) => _silos.Contains(silo);

    /// <summary>Reads the parts from a plan that fits.</summary>
    internal static HeldParts Of(PartitionPlan plan)
    {
        ModelConfig config = plan.Problem.Config;
        return new HeldParts(
            [.. Enumerable.Range(0, config.KvGroups).Select(group => plan.AttentionSilo(group * config.ClaFactor))],
            [.. Enumerable.Range(0, config.Layers).Select(layer => plan.Problem.ExpertWork[layer].Select((_, expert) => plan.ExpertSilos(layer, expert).ToArray()).ToArray())],
            [.. plan.Silos.Select(static silo => silo.Silo.Name)],
            plan.Layout,
            isReported: false);
    }

    /// <summary>
    /// Reads the parts from what silos report. If several silos have a part, the one that loaded it for the newest route counts: the others have not
    /// dropped it yet. Silos that loaded an expert for the same route are holders of replicas.
    /// </summary>
    /// <param name="config">The model.</param>
    /// <param name="holdings">What each silo has loaded, in any order.</param>
    /// <returns>The parts; null if no silo has any.</returns>
    /// <exception cref="ModelException">A silo reports a part that the model does not have.</exception>
    public static HeldParts? FromReports(ModelConfig config, IReadOnlyList<SiloHolding> holdings)
    {
        string?[] groups = new string?[config.KvGroups];
        string[][][] experts = [.. Enumerable.Range(0, config.Layers).Select(layer => Enumerable.Repeat(Array.Empty<string>(), config.IsMoeLayer(layer) ? config.Experts : 0).ToArray())];
        (long, long)[][] newest = [.. experts.Select(static layer => new (long, long)[layer.Length])];
        HashSet<string> silos = [];
        var routes = holdings.SelectMany(static holding => holding.Routes.Select(route => (holding.Silo, Route: route)))
            .OrderByDescending(static held => (held.Route.Epoch, held.Route.Version)).ThenBy(static held => held.Silo, StringComparer.Ordinal);
        foreach ((string silo, HeldRoute route) in routes)
        {
            foreach (int group in route.Groups)
            {
                Require((uint)group < (uint)groups.Length, silo, $"CLA group {group}", $"0 to {groups.Length - 1}");
                groups[group] ??= silo;
                silos.Add(silo);
            }

            foreach ((int layer, int expert) in route.Experts)
            {
                Require((uint)layer < (uint)experts.Length && (uint)expert < (uint)experts[layer].Length, silo, $"expert {expert} of layer {layer}", "experts of the model");
                string[] holders = experts[layer][expert];
                if (holders.Length == 0 || (newest[layer][expert] == (route.Epoch, route.Version) && !holders.Contains(silo)))
                {
                    newest[layer][expert] = (route.Epoch, route.Version);
                    experts[layer][expert] = [.. holders, silo];
                }

                silos.Add(silo);
            }
        }

        return silos.Count == 0 ? null : new HeldParts(groups, experts, silos, LayoutOf(experts), isReported: true);
    }

    /// <summary>Checks that the parts are those of a model of this shape.</summary>
    /// <exception cref="ModelException">They are not.</exception>
    internal void Validate(PlanProblem problem)
    {
        if (_groupSilos.Length != problem.GroupBytes.Length || !_expertSilos.Select(static layer => layer.Length).SequenceEqual(problem.ExpertWork.Select(static layer => layer.Length)))
        {
            throw new ModelException($"The parts that silos hold are of a model of another shape; allowed: one of {problem.Config.Source}.");
        }
    }

    // Experts that lie layer by layer have few holders in each layer; experts that are spread have as many as possible.
    private static ExpertLayout LayoutOf(string[][][] experts)
    {
        int[] holders = [.. experts.Select(static layer => layer.SelectMany(static e => e.Take(1)).Distinct().Count()).Where(static count => count > 0)];
        if (holders.Length == 0)
        {
            return ExpertLayout.Stacked;
        }

        int all = experts.SelectMany(static layer => layer.SelectMany(static e => e.Take(1))).Distinct().Count();
        int most = Math.Min(all, experts.Max(static layer => layer.Length));
        return 2 * holders.Average() > 1 + most ? ExpertLayout.Spread : ExpertLayout.Stacked;
    }

    private static void Require(bool holds, string silo, string what, string allowed)
    {
        if (!holds)
        {
            throw new ModelException($"Silo {silo} reports {what}; allowed: {allowed}.");
        }
    }
}
