namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>Where a sequence is in its lifetime.</summary>
internal enum SequenceState
{
    /// <summary>It has not started or was pre-empted; it has no blocks.</summary>
    Waiting,

    /// <summary>It has blocks and takes part in steps.</summary>
    Running,

    /// <summary>It has finished and has no blocks.</summary>
    Finished,
}
