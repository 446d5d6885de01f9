namespace HunyuanOrleans.Model.Devices;

/// <summary>The calls of a stage for each layer, in their order.</summary>
public enum StageCall
{
    /// <summary><see cref="IStageRunner.Attend"/>.</summary>
    Attend,

    /// <summary><see cref="IStageRunner.FeedForward"/>.</summary>
    FeedForward,

    /// <summary><see cref="IStageRunner.Combine"/>.</summary>
    Combine,
}
