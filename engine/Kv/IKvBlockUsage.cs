namespace HunyuanOrleans.Engine.Kv;

/// <summary>
/// Tells an executor which KV blocks have content worth keeping, but not which sequence uses them. Ask during a step, from any thread: while it is computed, a
/// block whose content may be read again is live throughout; others may come and go with the steps beside it.
/// </summary>
public interface IKvBlockUsage
{
    /// <summary>Number of blocks; they are numbered from 0.</summary>
    int BlockCount { get; }

    /// <summary>True if the block is referenced or cached, so its content may be read again; false if it is free.</summary>
    bool IsLive(int block);
}
