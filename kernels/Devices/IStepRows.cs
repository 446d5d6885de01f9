using HunyuanOrleans.Kernels.Attention;

namespace HunyuanOrleans.Kernels.Devices;

/// <summary>What a device must know of the rows of a step: sequences, positions, blocks and rotary angles. A step of a stage has its own.</summary>
public interface IStepRows : IDisposable
{
    /// <summary>The angles of the rows. The host writes them before <see cref="Begin"/>.</summary>
    RotaryAngles Angles { get; }

    /// <summary>The rows of the step that has begun.</summary>
    AttentionBatch Batch { get; }

    /// <summary>Begins a step.</summary>
    /// <param name="batch">The rows. It must not change until the step ends.</param>
    void Begin(AttentionBatch batch);
}
