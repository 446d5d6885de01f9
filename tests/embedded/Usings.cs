global using HunyuanOrleans.TestSupport.Cluster;
global using HunyuanOrleans.Embedded.Tests.Grains;
global using Orleans;
global using Orleans.Concurrency;
global using Orleans.Hosting;
global using Orleans.Runtime;
global using Xunit;
