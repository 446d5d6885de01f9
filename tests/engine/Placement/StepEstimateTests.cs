using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Placement;

/// <summary>Checks the predicted speed of several streams, and in how many steps they are decoded, against explicit sums and enumerated choices.</summary>
public sealed class StepEstimateTests
{
    private const double Bandwidth = 1e12;

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(200)]
    public void One_silo_reads_each_expert_that_any_stream_has_chosen_once(int streams)
    {
        ModelConfig config = PlanCases.Published("hunyuan-large");
        PartitionPlan plan = PartitionPlan.Create(config, PlanCases.Alike(1, 1L << 42, Bandwidth));
        WeightSizes sizes = plan.Problem.Sizes;
        double chosen = config.Experts * (1 - Math.Pow(1 - (1.0 / config.Experts), Rounded(streams)));
        double bytes = sizes.Head + Enumerable.Range(0, config.Layers).Sum(l =>
            (double)sizes.Attention(l) + sizes.Gate(l) + sizes.Shared(l) + (chosen * sizes.Expert(l)));
        StreamPrediction predicted = plan.Predict(streams, 16);
        Assert.Equal(1, predicted.Steps);
        Assert.Equal(streams * Bandwidth / bytes, predicted.TokensPerSecond, 1e-6 * streams * Bandwidth / bytes);
        Assert.Equal(1, Assert.Single(predicted.Busy).Value, 9);
    }

    [Fact]
    public void Steps_that_would_read_the_same_weights_again_are_not_divided()
    {
        // Every silo reads at the same time as the others; half of the rows need more than half of the experts.
        PartitionPlan large = PartitionPlan.Create(PlanCases.Published("hunyuan-large"), PlanCases.Alike(4, 400L << 30, 4 * Bandwidth));
        Assert.Equal(ExpertLayout.Spread, large.Layout);
        Assert.Equal(1, large.DecodeSteps(32, 16));

        // Without experts, each of two steps would read as much as one.
        PartitionPlan dense = PartitionPlan.Create(Dense(), WithFreeCalls(PlanCases.Alike(2, 1L << 34)));
        Assert.Equal(1, dense.DecodeSteps(32, 16));
    }

    [Fact]
    public void As_many_steps_as_silos_are_in_flight_where_arithmetic_takes_the_time()
    {
        SiloCapacity[] silos = WithFreeCalls([.. PlanCases.Alike(4, 1L << 34).Select(static silo => silo with { Operations = 1e6 })]);
        PartitionPlan plan = PartitionPlan.Create(Dense(), silos);
        Assert.Equal([1, 2, 3, 4], new[] { 1, 2, 3, 4 }.Select(sequences => plan.DecodeSteps(sequences, 16)));
        StreamPrediction predicted = plan.Predict(64, 4);
        Assert.Equal(4, predicted.Steps);
        Assert.True(predicted.TokensPerSecond > 3 * plan.Predict(64, 1).TokensPerSecond);
        Assert.Equal(1, predicted.Busy.Values.Max(), 9);
    }

    [Fact]
    public void Calls_that_take_much_longer_than_the_silos_work_are_not_made_for_fewer_rows_each()
    {
        SiloCapacity[] silos = [.. PlanCases.Alike(2, 1L << 34).Select(static silo => silo with { NetworkLatency = 1 })];
        PartitionPlan plan = PartitionPlan.Create(PlanCases.Small(), silos);
        Assert.Equal(1, plan.DecodeSteps(64, 16));
        StreamPrediction predicted = plan.Predict(64, 16);
        Assert.InRange(predicted.TokensPerSecond, 1, 64 / plan.Predicted.CallsPerToken);
        Assert.All(predicted.Busy.Values, static busy => Assert.InRange(busy, 0, 0.01));
    }

    [Theory]
    [InlineData(0, 1, "sequences")]
    [InlineData(1, 0, "mostSteps")]
    public void Numbers_below_one_are_refused(int sequences, int mostSteps, string name) => Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(
        () => PartitionPlan.Create(PlanCases.Small(), PlanCases.Alike(2, 1L << 34)).DecodeSteps(sequences, mostSteps)).ParamName);

    [Fact]
    public void The_slowest_silo_matches_an_enumeration_of_all_choices()
    {
        double[][] silos = [[0.1, 0.5, 0.9], [0.3], [0.7, 0.2], []];
        double[] idle = [0.5, 0, 0, 2], per = [1, 3, 1.5, 1];
        SlowestSiloEstimate slowest = new(null, [.. silos.Select((probabilities, s) => new SiloExpertTiming(probabilities, idle[s], idle[s] + 0.25, per[s]))]);

        double[] all = [.. silos.SelectMany(static silo => silo)];
        double mean = 0;
        for (int choice = 0; choice < 1 << all.Length; choice++)
        {
            double probability = 1, longest = 0;
            int expert = 0;
            for (int s = 0; s < silos.Length; s++)
            {
                int chosen = 0;
                foreach (double p in silos[s])
                {
                    bool isChosen = (choice >> expert++ & 1) == 1;
                    probability *= isChosen ? p : 1 - p;
                    chosen += isChosen ? 1 : 0;
                }

                longest = Math.Max(longest, chosen == 0 ? idle[s] : idle[s] + 0.25 + (chosen * per[s]));
            }

            mean += probability * longest;
        }

        Assert.Equal(mean, slowest.Slowest(), 12);
    }

    private static ModelConfig Dense() => PlanCases.Small(experts: 1, topK: 1);

    private static SiloCapacity[] WithFreeCalls(SiloCapacity[] silos) => [.. silos.Select(static silo => silo with { NetworkLatency = 0, NetworkBandwidth = double.PositiveInfinity })];

    // Rows are rounded up to eight numbers between two powers of two.
    private static int Rounded(int rows) => rows <= 8 ? rows : rows <= 16 ? (rows + 1) / 2 * 2 : rows <= 32 ? (rows + 3) / 4 * 4 : (rows + 31) / 32 * 32;
}
