namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>How a shuffle finds the lane to take from.</summary>
internal enum ShuffleMode
{
    Up,
    Down,
    Xor,
    Index,
}
