using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Attention;

/// <summary>The tests that share an <see cref="AttentionDevice"/>.</summary>
[CollectionDefinition(nameof(AttentionDevice))]
public sealed class AttentionDeviceGroup : ICollectionFixture<AttentionDevice>;
