namespace HunyuanOrleans.Cuda.Tests.Attention;

/// <summary>One device for the tests of attention.</summary>
public sealed class AttentionDevice : TestDevice;
