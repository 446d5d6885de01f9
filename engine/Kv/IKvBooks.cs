namespace HunyuanOrleans.Engine.Kv;

/// <summary>
/// What an executor may know of the books of KV blocks: which hold something that may be read again. It does not say whose they are.
/// Steady while a step is computed; not to be asked between steps.
/// </summary>
public interface IKvBooks
{
    /// <summary>Number of blocks in all; they are numbered from 0.</summary>
    int Blocks { get; }

    /// <summary>True where the block is referenced or cached, so that its content is worth keeping; false where it is free.</summary>
    bool IsLive(int block);
}
