namespace HunyuanOrleans.Engine.Kv;

/// <summary>
/// Tells an executor which KV blocks have content worth keeping, but not which sequence uses them. The answers are stable during a step;
/// do not ask between steps.
/// </summary>
public interface IKvBlockUsage
{
    /// <summary>Number of blocks; they are numbered from 0.</summary>
    int BlockCount { get; }

    /// <summary>True if the block is referenced or cached, so its content may be read again; false if it is free.</summary>
    bool IsLive(int block);
}
