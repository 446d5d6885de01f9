using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using Xunit;
using Xunit.Abstractions;

namespace HunyuanOrleans.Engine.Tests.Placement;

/// <summary>Plans that a new scheduler makes from what silos report, for Hunyuan-Large on 16 silos of 96 GB.</summary>
public sealed class HeldPartsTests(ITestOutputHelper output)
{
    private const int Silos = 16;

    private const long Memory = 96_000_000_000;

    private static readonly ModelConfig Config = PlanCases.Published("hunyuan-large");

    private static readonly PlanOptions Options = new() { MinKvTokens = 65536 };

    private static readonly SiloCapacity[] All = PlanCases.Alike(Silos, Memory, 4e12);

    private static readonly PartitionPlan First = PartitionPlan.Create(Config, All, Options);

    [Fact]
    public void Nothing_moves_when_only_the_scheduler_is_new()
    {
        PartitionPlan plan = Plan(All, Reports(First));
        Assert.Empty(plan.Delta.Moves);
        Assert.Equal(PlanCases.Text(First), PlanCases.Text(plan));
        Assert.Equal(First.Layout, plan.Layout);
    }

    [Fact]
    public void After_a_death_what_the_silo_held_moves_and_nothing_else()
    {
        for (int gone = 0; gone < Silos; gone++)
        {
            PartitionPlan plan = Plan(Without(gone), Reports(First, gone));
            output.WriteLine($"{All[gone].Name}: {First.Silos[gone].WeightBytes / 1e9:0.0} GB lost, {plan.Delta.Bytes / 1e9:0.0} GB to load, {plan.Silos.Max(static s => s.WeightBytes) / 1e9:0.0} GB on the fullest silo");
            Assert.Equal(First.Silos[gone].WeightBytes, plan.Delta.Bytes);
            Assert.All(plan.Delta.Moves, static move => Assert.Null(move.From));
            Assert.Empty(PlanTransition.Overfull(plan));
        }
    }

    [Fact]
    public void After_the_death_of_four_silos_only_their_shares_move()
    {
        int[] gone = [0, 5, 6, 15];
        PartitionPlan plan = Plan(Without(gone), Reports(First, gone));
        Assert.Equal(gone.Sum(static silo => First.Silos[silo].WeightBytes), plan.Delta.Bytes);
    }

    [Fact]
    public void A_silo_that_joins_a_new_scheduler_gets_its_share_and_nothing_else_moves()
    {
        PartitionPlan plan = Plan([.. All, PlanCases.Silo("s99", Memory, 4e12)], Reports(First));
        SiloPlan joined = plan.Silos[^1];
        Assert.All(plan.Delta.Moves, static move => Assert.Equal("s99", move.To));
        Assert.Equal(joined.WeightBytes, plan.Delta.Bytes);
        double fair = plan.Silos.Sum(static s => s.TouchedBytesPerToken) / (Silos + 1);
        Assert.InRange(joined.TouchedBytesPerToken, 0.6 * fair, 1.4 * fair);
    }

    [Fact]
    public void A_rolling_restart_moves_each_share_away_and_back_with_a_new_scheduler_each_time()
    {
        PartitionPlan plan = First;
        for (int silo = 0; silo < Silos; silo++)
        {
            long share = plan.Silos[silo].WeightBytes;
            PartitionPlan without = Plan(Without(silo), Reports(plan));
            Assert.Equal(share, without.Delta.Bytes);
            plan = Plan(All, Reports(without));
            Assert.All(plan.Delta.Moves, move => Assert.Equal(All[silo].Name, move.To));
            Assert.Equal(plan.Silos[silo].WeightBytes, plan.Delta.Bytes);
        }

        double fair = plan.Silos.Sum(static s => s.TouchedBytesPerToken) / Silos;
        Assert.All(plan.Silos, s => Assert.InRange(s.TouchedBytesPerToken, 0.5 * fair, 1.7 * fair));
    }

    [Fact]
    public void Of_several_holders_the_one_of_the_newest_route_counts()
    {
        PartitionPlan joined = Plan([.. All, PlanCases.Silo("s99", Memory, 4e12)], Reports(First));
        SiloHolding[] both = [.. Reports(First).Concat(Reports(joined, version: 2)).GroupBy(static h => h.Silo)
            .Select(static h => new SiloHolding(h.Key, [.. h.SelectMany(static held => held.Routes)]))];
        PartitionPlan plan = Plan([.. joined.Silos.Select(static s => s.Silo)], both);
        Assert.Empty(plan.Delta.Moves);
        Assert.Equal(PlanCases.Text(joined), PlanCases.Text(plan));

        // A later scheduler begins to count versions again.
        SiloHolding[] later = [.. Reports(joined, version: 7).Concat(Reports(First, epoch: 2)).GroupBy(static h => h.Silo)
            .Select(static h => new SiloHolding(h.Key, [.. h.SelectMany(static held => held.Routes)]))];
        Assert.Equal(First.AttentionSilo(0), HeldParts.FromReports(Config, later)!.GroupSilo(0));
        Assert.Equal(PlanCases.Text(First), PlanCases.Text(Plan(All, later)));
    }

    [Fact]
    public void A_silo_that_was_interrupted_while_it_loaded_gets_the_rest_of_its_share()
    {
        PartitionPlan joined = Plan([.. All, PlanCases.Silo("s99", Memory, 4e12)], Reports(First));
        HeldRoute whole = Reports(joined, version: 2).Single(static h => h.Silo == "s99").Routes[0];
        HeldRoute part = whole with { Groups = [], Experts = [.. whole.Experts.Take(5)] };
        PartitionPlan plan = Plan([.. joined.Silos.Select(static s => s.Silo)], [.. Reports(First), new SiloHolding("s99", [part])]);
        Assert.All(plan.Delta.Moves, static move => Assert.Equal("s99", move.To));
        Assert.Equal(plan.Silos[^1].WeightBytes - (5 * plan.ExpertBytes(new ExpertRange(1, 1, 0, 0))), plan.Delta.Bytes);
        double fair = plan.Silos.Sum(static s => s.TouchedBytesPerToken) / (Silos + 1);
        Assert.InRange(plan.Silos[^1].TouchedBytesPerToken, 0.6 * fair, 1.4 * fair);
    }

    [Fact]
    public void A_replica_takes_the_place_of_a_primary_holder_that_died()
    {
        ModelConfig config = PlanCases.Small();
        PlanOptions hot = new() { Load = new ExpertLoad([.. Enumerable.Range(0, config.Layers).Select(static _ => (long[])[1, 1, 1, 9000, 1, 800, 1, 1])]) };
        PartitionPlan old = PartitionPlan.Create(config, PlanCases.Alike(6, 1 << 26), hot);
        string[] holders = [.. old.ExpertSilos(2, 3)];
        Assert.True(holders.Length > 1);
        PartitionPlan plan = PartitionPlan.Create(
            config, [.. old.Silos.Select(static s => s.Silo).Where(s => s.Name != holders[0])], new PlanOptions { Previous = old });
        Assert.Equal(holders[1], plan.ExpertSilo(2, 3));
        Assert.DoesNotContain(plan.Delta.Moves, static move => move.Experts is { } range && PlanCases.Cells(range).Contains((2, 3)));
    }

    [Fact]
    public void Reports_of_another_model_are_rejected()
    {
        Assert.Contains("reports CLA group 32; allowed: 0 to 31", Rejected([32], []), StringComparison.Ordinal);
        Assert.Contains("reports expert 16 of layer 3", Rejected([], [(3, 16)]), StringComparison.Ordinal);
        Assert.Null(HeldParts.FromReports(Config, [new SiloHolding("s00", [])]));
        HeldParts other = HeldParts.FromReports(PlanCases.Small(), [new SiloHolding("s00", [new HeldRoute(1, 1, [0], [])])])!;
        Assert.Throws<ModelException>(() => PartitionPlan.Create(Config, All, Options with { Held = other }));

        static string Rejected(int[] groups, (int, int)[] experts) => Assert.Throws<ModelException>(
            () => HeldParts.FromReports(Config, [new SiloHolding("s00", [new HeldRoute(1, 1, groups, experts)])])).Message;
    }

    /// <summary>What the silos of a plan report, in an order of their own.</summary>
    internal static SiloHolding[] Reports(PartitionPlan plan, params int[] gone) => Reports(plan, 1, 1, gone);

    private static SiloHolding[] Reports(PartitionPlan plan, long epoch = 1, long version = 1, params int[] gone)
    {
        int factor = plan.Problem.Config.ClaFactor;
        return
        [
            .. plan.Silos.Where((_, i) => !gone.Contains(i)).Reverse().Select(silo => new SiloHolding(silo.Silo.Name,
            [
                new HeldRoute(
                    epoch,
                    version,
                    [.. silo.Attention.SelectMany(range => Enumerable.Range(range.FirstLayer / factor, range.Layers / factor))],
                    [.. silo.Experts.Concat(silo.Replicas).SelectMany(PlanCases.Cells)]),
            ])),
        ];
    }

    private static SiloCapacity[] Without(params int[] gone) => [.. All.Where((_, i) => !gone.Contains(i))];

    private static PartitionPlan Plan(SiloCapacity[] silos, SiloHolding[] reports)
    {
        PlanOptions options = Options with { Held = HeldParts.FromReports(Config, reports) };
        PartitionPlan plan = PartitionPlan.Create(Config, silos, options);
        PlanCases.Check(plan, Config, options);
        return plan;
    }
}
