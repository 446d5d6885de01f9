using System.Text.Json;
using System.Text.Json.Serialization;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Placement;

/// <summary>Plans that are sent to other silos as plain values.</summary>
public sealed class PlanSnapshotTests
{
    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };
    private static readonly ModelConfig Config = PlanCases.Small();
    private static readonly PartitionPlan Plan = PartitionPlan.Create(Config, PlanCases.Alike(3, 1 << 26));

    public static TheoryData<string, PlanSnapshot> Wrong
    {
        get
        {
            PlanSnapshot good = Plan.Capture();
            int[][][] missing = Plan.Capture().ExpertSilos, twice = Plan.Capture().ExpertSilos, outside = Plan.Capture().ExpertSilos;
            missing[2][1] = [];
            twice[2][1] = [1, 1];
            outside[2][1] = [0, 3];
            return new()
            {
                { "has 5 CLA groups; allowed for this model: 6", good with { GroupSilos = good.GroupSilos[1..] } },
                { "names silo 3; allowed for this model: 0 to 2", good with { GroupSilos = [3, .. good.GroupSilos[1..]] } },
                { "names silo -1", good with { GroupSilos = [-1, .. good.GroupSilos[1..]] } },
                { "has experts of 11 layers", good with { ExpertSilos = good.ExpertSilos[1..] } },
                { "has 7 experts in layer 0", good with { ExpertSilos = [good.ExpertSilos[0][1..], .. good.ExpertSilos[1..]] } },
                { "an expert of layer 2 at no silo", good with { ExpertSilos = missing } },
                { "an expert of layer 2 at no silo, or twice", good with { ExpertSilos = twice } },
                { "names silo 3", good with { ExpertSilos = outside } },
                { "has layout 7", good with { Layout = (ExpertLayout)7 } },
                { "does not fit and holds something", good with { ShortfallMessage = "Too large." } },
                { "Two silos are named", good with { Silos = [good.Silos[0], good.Silos[0], good.Silos[2]] } },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_snapshot_of_another_shape_is_rejected(string part, PlanSnapshot snapshot) =>
        Assert.Contains(part, Assert.Throws<ModelException>(() => PartitionPlan.Restore(Config, snapshot)).Message, StringComparison.Ordinal);

    [Fact]
    public void Replicas_and_moves_are_restored()
    {
        PlanOptions options = new()
        {
            Load = new ExpertLoad([.. Enumerable.Range(0, Config.Layers).Select(_ => (long[])[1, 1, 1, 9000, 1, 800, 1, 1])]),
            Previous = Plan,
        };
        PartitionPlan plan = PartitionPlan.Create(Config, PlanCases.Alike(6, 1 << 26), options);
        Assert.Contains(plan.Silos, silo => silo.Replicas.Count > 0);
        Assert.NotEmpty(plan.Delta.Moves);
        CheckRestored(plan, Config, options);
        PartitionPlan cold = PartitionPlan.Restore(Config, plan.Capture());
        Assert.Equal(plan.Silos.Select(silo => silo.WeightBytes), cold.Silos.Select(silo => silo.WeightBytes));
    }

    [Fact]
    public void Changing_a_snapshot_does_not_change_its_plan()
    {
        string before = PlanCases.Text(Plan);
        PlanSnapshot snapshot = Plan.Capture();
        Array.Fill(snapshot.GroupSilos, 0);
        Array.Clear(snapshot.Silos);
        Array.Clear(snapshot.ExpertSilos[0][0]);
        Assert.Equal(before, PlanCases.Text(Plan));
        CheckRestored(Plan, Config, new PlanOptions());
    }

    /// <summary>Checks that a plan restored from its serialised snapshot equals the original.</summary>
    internal static void CheckRestored(PartitionPlan plan, ModelConfig config, PlanOptions options) =>
        AssertEqual(plan, SerializeAndRestore(plan, config, options), config);

    internal static PartitionPlan SerializeAndRestore(PartitionPlan plan, ModelConfig config, PlanOptions options)
    {
        string text = JsonSerializer.Serialize(plan.Capture(), Json);
        return PartitionPlan.Restore(config, JsonSerializer.Deserialize<PlanSnapshot>(text, Json)!, options);
    }

    internal static void AssertEqual(PartitionPlan expected, PartitionPlan actual, ModelConfig config)
    {
        Assert.Equal((expected.Fits, expected.MissingBytes, expected.ShortfallMessage, expected.Layout), (actual.Fits, actual.MissingBytes, actual.ShortfallMessage, actual.Layout));
        Assert.Equal((expected.KvTokens, expected.KvBytesPerToken, expected.Predicted), (actual.KvTokens, actual.KvBytesPerToken, actual.Predicted));
        Assert.Equal(PlanCases.Text(expected), PlanCases.Text(actual));
        Assert.Equal(expected.Silos.Select(silo => (silo.Silo, silo.TouchedBytesPerToken)), actual.Silos.Select(silo => (silo.Silo, silo.TouchedBytesPerToken)));
        Assert.Equal(expected.Delta.Moves, actual.Delta.Moves);
        for (int layer = 0; expected.Fits && layer < config.Layers; layer++)
        {
            Assert.Equal(expected.AttentionSilo(layer), actual.AttentionSilo(layer));
            for (int expert = 0; config.IsMoeLayer(layer) && expert < config.Experts; expert++)
            {
                Assert.Equal(expected.ExpertSilos(layer, expert), actual.ExpertSilos(layer, expert));
            }
        }
    }
}
