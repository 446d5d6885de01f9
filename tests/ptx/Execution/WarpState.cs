namespace HunyuanOrleans.Ptx.Execution;

/// <summary>Why a warp stopped.</summary>
internal enum WarpState
{
    AtBarrier,
    Done,
}
