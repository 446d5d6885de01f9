global using HunyuanOrleans.Cluster.Tests.Runtime.Grains;
global using HunyuanOrleans.Cluster.Tests.Support;
global using Orleans.Concurrency;
global using Xunit;
