namespace HunyuanOrleans.Model.Devices;

/// <summary>
/// Consecutive calls of a stage between which nobody looks at what was chosen or computed: every expert that they choose is computed by the same device.
/// </summary>
/// <param name="FirstLayer">Layer of the first call.</param>
/// <param name="First">The first call.</param>
/// <param name="LastLayer">Layer of the last call.</param>
/// <param name="Last">The last call.</param>
public readonly record struct StageSegment(int FirstLayer, StageCall First, int LastLayer, StageCall Last)
{
    private const int CallsOfLayer = 3;

    /// <summary>Number of the first call, counted from the first call of the model.</summary>
    public int FirstNumber => (FirstLayer * CallsOfLayer) + (int)First;

    /// <summary>Number of the last call.</summary>
    public int LastNumber => (LastLayer * CallsOfLayer) + (int)Last;

    /// <summary>Whether one of the calls is <see cref="IStageRunner.Attend"/>.</summary>
    public bool Attends => First == StageCall.Attend || LastLayer > FirstLayer;

    /// <summary>All calls of consecutive layers.</summary>
    public static StageSegment OfLayers(int firstLayer, int lastLayer) => new(firstLayer, StageCall.Attend, lastLayer, StageCall.Combine);

    /// <summary>Makes the calls one by one.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="local">The experts that are computed, for <see cref="IStageRunner.FeedForward"/>.</param>
    public void CallOn(IStageRunner stage, ReadOnlySpan<bool> local)
    {
        for (int number = FirstNumber; number <= LastNumber; number++)
        {
            int layer = number / CallsOfLayer;
            switch ((StageCall)(number % CallsOfLayer))
            {
                case StageCall.Attend:
                    stage.Attend(layer);
                    break;
                case StageCall.FeedForward:
                    stage.FeedForward(layer, local);
                    break;
                default:
                    stage.Combine(layer);
                    break;
            }
        }
    }
}
