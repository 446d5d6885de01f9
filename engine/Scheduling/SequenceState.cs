namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>Where a sequence stands.</summary>
internal enum SequenceState
{
    /// <summary>It holds no blocks: not begun, or pre-empted.</summary>
    Waiting,

    /// <summary>It holds blocks and is part of steps.</summary>
    Running,

    /// <summary>It has ended and holds nothing.</summary>
    Finished,
}
